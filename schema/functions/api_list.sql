-- Lists of what does not grow with the fleet: sorted by what the caller likes, searched, page by page.

-- A condition: the text `_of` contains `_part`, in upper or lower case, each of whose characters stands for itself.
create or replace function text_contains(_of text, _part text) returns text language sql immutable as $$
select format('lower(%s) like %L', _of, '%' || regexp_replace(lower(_part), '([\\%_])', '\\\1', 'g') || '%')
$$;

-- A page of the rows x of `_table` that meet `_where`, each as `_item` of s.x. `_sorts`: what `sort` may name, with the
-- expression that is sorted by (never null) and its type: {"name": ["lower(x.name)", "text"]}. Equal ones go by id.
create or replace function page_of_list(_call api_request, _table text, _item text, _where text, _sorts jsonb, _default text)
returns api_reply language plpgsql stable as $$
declare
  _sort   constant text := coalesce(_call.params ->> 'sort', _default);
  _by     constant jsonb := _sorts -> ltrim(_sort, '-');
  _order  constant text := case when _sort like '-%' then 'desc' else 'asc' end;
  _cursor constant jsonb := cursor_decode(_call.params ->> 'cursor');
  _page   api_reply;
begin
  execute format('select (page).* from (select page(array_agg(%s), array_agg(jsonb_build_array(s.key, (s.x).id)), $1)'
                 '  from (select x, %s as key from %I x where %s and %s order by 2 %s, x.id %6$s limit $1 + 1) s) s',
                 _item, _by ->> 0, _table, _where,
                 case when _cursor is null then 'true'
                      else format('(%s, x.id) %s (%L::%s, %L::bigint)', _by ->> 0, case _order when 'asc' then '>' else '<' end,
                                  _cursor ->> 0, _by ->> 1, _cursor ->> 1) end,
                 _order)
     into _page using page_limit(_call);
  return _page;
end $$;
